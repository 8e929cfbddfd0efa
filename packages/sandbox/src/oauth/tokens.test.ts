import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { issuerRoutes } from "./issuer.ts";

type Jwk = JsonWebKey & { kid: string };

/** The issuer, without a server. */
function anIssuer() {
	const app = issuerRoutes();
	const post = (path: string, body: unknown) => app.request(`http://localhost${path}`, { method: "POST", body: JSON.stringify(body) });
	const tokenOf = async (body: object) => ((await (await post("/token", body)).json()) as { token: string }).token;
	const keys = async () => ((await (await app.request("/.well-known/jwks.json")).json()) as { keys: Jwk[] }).keys;
	return { post, tokenOf, keys };
}

const decoded = (part: string | undefined) => JSON.parse(Buffer.from(part ?? "", "base64url").toString());
const claimsOf = (token: string) => decoded(token.split(".")[1]);

describe("the issuer's tokens", () => {
	it("use a given issuer and audience, and omit null claims, default ones included", async () => {
		const { tokenOf } = anIssuer();
		const usual = claimsOf(await tokenOf({ claims: { sub: "ada" } }));
		expect(usual).toMatchObject({ iss: "http://localhost/issuer", aud: "parley", sub: "ada" });
		expect(claimsOf(await tokenOf({ claims: {}, issuer: "https://other.example", audience: "else" }))).toMatchObject({
			iss: "https://other.example",
			aud: "else",
		});
		const bare = claimsOf(await tokenOf({ claims: { sub: null, exp: null, iss: null, email: false, groups: ["a"] } }));
		expect(Object.keys(bare).sort()).toEqual(["aud", "email", "groups", "iat"]);
		expect(bare).toMatchObject({ email: false, groups: ["a"] });
	});

	it("are already expired if a negative lifetime is requested", async () => {
		const { exp, iat } = claimsOf(await anIssuer().tokenOf({ claims: {}, expiresInSeconds: -60 }));
		expect(exp - iat).toBe(-60);
	});

	it("name the key that verifies them, and fail verification once their claims have changed", async () => {
		const { tokenOf, keys } = anIssuer();
		const [head = "", claims = "", signature = ""] = (await tokenOf({ claims: { sub: "ada", admin: false } })).split(".");
		const [key] = await keys();
		if (key === undefined) throw new Error("there is no key");
		expect(decoded(head)).toEqual({ alg: "ES256", typ: "JWT", kid: key.kid });
		expect(key).toMatchObject({ alg: "ES256", use: "sig", kty: "EC", crv: "P-256" });
		expect(key).not.toHaveProperty("d");
		const isGood = (text: string) => {
			const signed = { key: createPublicKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
			return verify("sha256", Buffer.from(text), signed, Buffer.from(signature, "base64url"));
		};
		const forged = Buffer.from(JSON.stringify({ ...decoded(claims), admin: true })).toString("base64url");
		expect([isGood(`${head}.${claims}`), isGood(`${head}.${forged}`)]).toEqual([true, false]);
	});
});

it("publishes one key at a time, and a new one after each rotation", async () => {
	const { post, keys } = anIssuer();
	const seen = [await keys()];
	for (let turn = 0; turn < 3; turn += 1) {
		const { kid } = (await (await post("/rotate", {})).json()) as { kid: string };
		seen.push(await keys());
		expect(seen.at(-1)?.map((key) => key.kid)).toEqual([kid]);
	}
	expect(new Set(seen.flat().map(({ kid }) => kid)).size).toBe(4);
	expect(new Set(seen.flat().map(({ x }) => x)).size).toBe(4);
});

it("refuses invalid claims and unknown fields", async () => {
	const { post } = anIssuer();
	for (const body of [null, [], "x", {}, { claims: "x" }, { claims: {}, expires: 5 }, { claims: {}, expiresInSeconds: "5" }]) {
		const response = await post("/token", body);
		expect([response.status, await response.json()]).toMatchObject([400, { error: "invalid_request" }]);
	}
});
