/** An identity provider whose tokens the app accepts. It signs any given claims, and can rotate its key. */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import type { Env } from "../world.ts";

interface Key {
	id: string;
	secret: KeyObject;
	/** As a JSON Web Key (RFC 7517). */
	published: object;
}

/** The body of `POST /token`. A null claim is omitted, even one that the issuer adds itself. `issuer` and `audience` replace the defaults. */
const asked = z.strictObject({
	claims: z.record(z.string(), z.unknown()),
	issuer: z.string().optional(),
	audience: z.string().default("parley"),
	/** Negative for an expired token. */
	expiresInSeconds: z.number().int().default(300),
});

function newKey(): Key {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const id = randomUUID();
	return { id, secret: privateKey, published: { ...publicKey.export({ format: "jwk" }), kid: id, alg: "ES256", use: "sig" } };
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs a token (RFC 7515). Uses the machine's clock, because tokens are verified against it. */
function tokenOf(key: Key, claims: object): string {
	const text = `${encoded({ alg: "ES256", typ: "JWT", kid: key.id })}.${encoded(claims)}`;
	return `${text}.${sign("sha256", Buffer.from(text), { key: key.secret, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** The issuer, to mount at /issuer. Its keys are in memory, so a restart replaces them. */
export function issuerRoutes() {
	let key = newKey();
	return new Hono<Env>()
		.get("/.well-known/jwks.json", (c) => c.json({ keys: [key.published] }))
		.post("/token", async (c) => {
			const body = asked.safeParse(await c.req.json().catch(() => undefined));
			if (!body.success) return c.json({ error: "invalid_request", error_description: body.error.message }, 400);
			const { claims, audience, expiresInSeconds, issuer = `${new URL(c.req.url).origin}/issuer` } = body.data;
			const at = Math.floor(Date.now() / 1000);
			const all = { iss: issuer, aud: audience, iat: at, exp: at + expiresInSeconds, ...claims };
			return c.json({ token: tokenOf(key, Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))) });
		})
		.post("/rotate", (c) => {
			key = newKey();
			return c.json({ kid: key.id });
		});
}
