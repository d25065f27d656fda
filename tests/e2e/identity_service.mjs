// A service that knows its callers by tokens, written as services in Node are: jose for tokens and
// for the keys that verify them. IDENTITY names a fault.
import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import { SignJWT, createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";

const { IDP_URL, PORT, IDENTITY: fault } = process.env;
const secret = new TextEncoder().encode(process.env.JWT_SECRET);

async function provider(path, form) {
  const asked = form && { method: "POST", body: new URLSearchParams(form) };
  const answer = await fetch(IDP_URL + path, asked);
  if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
  return answer.json();
}

let discovered;
async function discover() {
  const told = await provider("/.well-known/openid-configuration");
  // Node asks no proxy by itself: the provider's own address would lead past it.
  return { issuer: told.issuer, keys: createRemoteJWKSet(new URL(`${IDP_URL}/keys`)) };
}

async function claims(token) {
  if (fault === "trusting") return decodeJwt(token);
  const { issuer, keys } = await (discovered ??= discover());
  const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
  const lasting = fault === "lasting" ? { currentDate: new Date(0), clockTolerance: 1e10 } : {};
  const { payload } = await jwtVerify(token, keys, { issuer, audience: "shop", algorithms, ...lasting });
  return payload;
}

const bearer = (request) => (request.headers.authorization ?? "").replace(/^Bearer /, "");

async function session(user) {
  const held = new SignJWT({ sub: user }).setProtectedHeader({ alg: "HS256", typ: "JWT" });
  return { token: await held.setIssuedAt().setExpirationTime("10m").sign(secret), user };
}

const routes = {
  "GET /me": async (request) => {
    const found = await claims(bearer(request));
    const known = await provider(`/users/${found.sub}?token=${bearer(request)}`);
    return { sub: found.sub, email: found.email, level: known.level };
  },
  "GET /orders": async (request) => {
    const cookie = /(?:^|; )access=([^;]*)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    return { orders: [1, 2, 3], of: (await claims(cookie)).sub };
  },
  "POST /callback": async (_, body) => {
    const told = await provider("/token", { code: new URLSearchParams(body.toString()).get("code") });
    const found = await claims(told.id_token);
    const half = createHash("sha256").update(told.access_token).digest().subarray(0, 16);
    if (found.at_hash !== half.toString("base64url")) throw Object.assign(new Error(), { code: "at_hash" });
    return session(found.sub);
  },
  "POST /login": async (_, body) => session(JSON.parse(body).user),
  "GET /session": async (request) => {
    const token = bearer(request);
    if (fault === "trusting") return { user: decodeJwt(token).sub };
    return { user: (await jwtVerify(token, secret, { algorithms: ["HS256"] })).payload.sub };
  },
  "POST /hook": async (request, body) => {
    const code = createHmac("sha256", process.env.HOOK_SECRET).update(body).digest("hex");
    if (fault !== "trusting" && request.headers["x-hub-signature-256"] !== `sha256=${code}`)
      throw Object.assign(new Error(), { code: "signature" });
    return { taken: JSON.parse(body).action };
  },
  "GET /healthz": async () => ({}),
};

createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const route = routes[`${request.method} ${request.url.split("?")[0]}`];
  let status = 200;
  let said;
  try {
    said = await route(request, Buffer.concat(pieces));
  } catch (error) {
    status = error.code ? 401 : 500;
    said = { error: error.code ?? String(error) };
  }
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(said));
}).listen(Number(PORT), "127.0.0.1");
