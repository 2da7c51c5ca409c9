// The requests of the vendor's example server, as axios puts them on the wire. Prints a line of
// JSON for each: what it is, the status, and the answer.
const http = require("node:http");

const [base, key] = process.argv.slice(2);
const AXIOS = {
  Accept: "application/json, text/plain, */*",
  "User-Agent": "axios/1.7.9",
  "Accept-Encoding": "gzip, compress, deflate, br",
};

function send(name, method, path, data) {
  const headers = { ...AXIOS, Authorization: `Bearer ${key}` };
  const body = data === undefined ? undefined : JSON.stringify(data);
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    headers["Content-Length"] = Buffer.byteLength(body);
  }
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (text += piece));
      response.on("end", () => {
        const answer = JSON.parse(text);
        console.log(JSON.stringify({ name, status: response.statusCode, answer }));
        resolve(answer);
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function main() {
  const clients = "/custodians/clients";
  await send("create with nothing to say", "POST", clients, {});
  await send("create abstracted", "POST", clients, { isAccountAbstracted: true });
  await send("create without a body", "POST", clients);
  const { id } = await send("create with other keys", "POST", clients, {
    userId: "user-1",
    walletName: "Main",
  });
  await send("get", "GET", `${clients}/${id}`);
  await send("list", "GET", clients);
  await send("refresh with {}", "POST", `${clients}/${id}/session`, {});
  await send("refresh without a body", "POST", `${clients}/${id}/session`);
  await send("otp", "GET", `${clients}/${id}/web-otp`);
  await send("get nobody", "GET", `${clients}/nobody`);
}

main();
