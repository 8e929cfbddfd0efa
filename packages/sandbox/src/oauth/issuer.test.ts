import { createPublicKey, verify } from "node:crypto";
import { expect, it } from "vitest";
import { runSandbox, type TestSandbox } from "../testing/harness.ts";

const tokenFor = async (sandbox: TestSandbox, asked: object): Promise<string> =>
	((await (await sandbox.send("POST", "/issuer/token", asked)).json()) as { token: string }).token;

async function isSigned(sandbox: TestSandbox, token: string): Promise<boolean> {
	const [head = "", claims = "", signature = ""] = token.split(".");
	const { keys } = (await (await sandbox.send("GET", "/issuer/.well-known/jwks.json")).json()) as { keys: { kid: string }[] };
	const key = keys.find(({ kid }) => kid === JSON.parse(Buffer.from(head, "base64url").toString()).kid);
	if (!key) return false;
	const signed = { key: createPublicKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
	return verify("sha256", Buffer.from(`${head}.${claims}`), signed, Buffer.from(signature, "base64url"));
}

it("signs the given claims with its published key", async () => {
	const sandbox = await runSandbox();
	const token = await tokenFor(sandbox, { claims: { sub: "ada", email: "ada@example.com" } });
	expect(await isSigned(sandbox, token)).toBe(true);
	const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
	expect(claims).toMatchObject({ sub: "ada", email: "ada@example.com", aud: "parley", iss: `${sandbox.url}/issuer` });
	expect(claims.exp - claims.iat).toBe(300);
});

it("publishes a new key after a rotation", async () => {
	const sandbox = await runSandbox();
	const before = await tokenFor(sandbox, { claims: { sub: "ada" } });
	await sandbox.send("POST", "/issuer/rotate", {});
	expect(await isSigned(sandbox, before)).toBe(false);
	expect(await isSigned(sandbox, await tokenFor(sandbox, { claims: { sub: "ada" } }))).toBe(true);
});

it("refuses a request without claims, and fails on demand", async () => {
	const sandbox = await runSandbox();
	expect((await sandbox.send("POST", "/issuer/token", {})).status).toBe(400);
	await sandbox.faults({ api: [{ path: "/issuer/*", status: 503 }] });
	expect((await sandbox.send("GET", "/issuer/.well-known/jwks.json")).status).toBe(503);
});
