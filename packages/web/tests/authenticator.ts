// A device that makes passkeys, as a browser hands them on (WebAuthn Level 3, 5.1.3 and 6.5). It attests nothing.

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const sha256 = async (text: string) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
const text = (value: string) => [0x60 + value.length, ...new TextEncoder().encode(value)];
const bytes = (value: Uint8Array) => [0x58, value.length, ...value];

/** A new passkey's answer to the options of a registration. */
export async function newPasskey(options: { challenge: string; rp: { id: string } }, origin: string): Promise<{ id: string }> {
	const id = crypto.getRandomValues(new Uint8Array(32));
	const pair = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"])) as CryptoKeyPair;
	const point = new Uint8Array((await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer);
	// An EC2 key for ES256 as CBOR (RFC 9053): 1: 2, 3: -7, -1: 1, -2: x, -3: y.
	const key = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, ...bytes(point.slice(1, 33)), 0x22, ...bytes(point.slice(33))];
	// Flags: someone was there, and has proven it; the key follows. Then a counter of 0 and no model.
	const data = [...(await sha256(options.rp.id)), 0x45, 0, 0, 0, 0, ...Array<number>(16).fill(0), 0, id.length, ...id, ...key];
	const attestation = [
		0xa3,
		...text("fmt"),
		...text("none"),
		...text("attStmt"),
		0xa0,
		...text("authData"),
		...bytes(Uint8Array.from(data)),
	];
	const client = JSON.stringify({ type: "webauthn.create", challenge: options.challenge, origin, crossOrigin: false });
	const response = { clientDataJSON: base64(new TextEncoder().encode(client)), attestationObject: base64(Uint8Array.from(attestation)) };
	const answer = { id: base64(id), rawId: base64(id), type: "public-key", clientExtensionResults: {}, response };
	return answer;
}
