// A program that calls services of gRPC, as it is told a line at a time: see ../grpc_caller.py.

const readline = require("node:readline");
const grpc = require("@grpc/grpc-js");
require("@grpc/grpc-js-xds").register();

const plain = (data) => data;
const clients = new Map();

function client(target, authority) {
  const key = `${target} ${authority}`;
  if (!clients.has(key)) {
    const options = authority ? { "grpc.default_authority": authority } : {};
    clients.set(key, new grpc.Client(target, grpc.credentials.createInsecure(), options));
  }
  return clients.get(key);
}

const pairs = (metadata) =>
  metadata ? metadata.toHttp2Headers
    ? Object.entries(metadata.toHttp2Headers()).flatMap(([name, values]) =>
        [values].flat().map((value) => [name, String(value)]))
    : []
  : [];

function once(told) {
  return new Promise((resolve) => {
    const metadata = new grpc.Metadata();
    for (const [name, value] of told.metadata) metadata.add(name, value);
    const deadline = new Date(Date.now() + told.deadline * 1000);
    let headers = [];
    const call = client(told.target, told.authority).makeUnaryRequest(
      told.method, plain, plain, Buffer.alloc(0), metadata, { deadline },
      (error, body) => {
        resolve({
          code: grpc.status[error ? error.code : grpc.status.OK],
          body: body ? body.toString() : "",
          details: error ? error.details : "",
          headers,
          trailers: error ? pairs(error.metadata) : [],
        });
      },
    );
    call.on("metadata", (found) => { headers = pairs(found); });
  });
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await once(JSON.parse(line)))}\n`);
  }
  process.exit(0);
})();
