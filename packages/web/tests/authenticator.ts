// An authenticator that sends any attestation, including those that no browser passes on. Encodes WebAuthn, CBOR and X.509 by hand, because it must
// produce wrong values on purpose, which libraries prevent.

/** The fields of the `passkey/options` response that an authenticator needs. */
interface Options {
	challenge: string;
	rp: { id: string };
}

export interface Attestation {
	/** `packed` without a certificate is self attestation. */
	fmt: string;
	/** Adds certificates that name this address for their revocation list. */
	crl?: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

const ES256 = -7;
const ROOT = "Some root";
const utf8 = (text: string) => new TextEncoder().encode(text);
const base64url = (bytes: Bytes) => Buffer.from(bytes).toString("base64url");
const sha256 = async (bytes: Bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

function concat(...parts: (Bytes | number[])[]): Bytes {
	return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Creates a key for a site. @returns the body of `passkey/add` */
export async function newPasskey({ challenge, rp }: Options, origin: string, { fmt, crl }: Attestation = { fmt: "none" }) {
	const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
	const { publicKey, privateKey } = keys as CryptoKeyPair;
	const point = new Uint8Array((await crypto.subtle.exportKey("raw", publicKey)) as ArrayBuffer);
	const sign = async (bytes: Bytes) =>
		derSignature(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, bytes)));
	const id = crypto.getRandomValues(new Uint8Array(16));
	const coseKey = cbor(
		new Map<number, Cbor>([
			[1, 2],
			[3, ES256],
			[-1, 1],
			[-2, point.slice(1, 33)],
			[-3, point.slice(33)],
		]),
	);
	// Flags: user present, user verified, attested credential data. Then a counter of 0, and no model (AAGUID).
	const authData = concat(await sha256(utf8(rp.id)), [0x45, 0, 0, 0, 0], new Uint8Array(16), [0, id.length], id, coseKey);
	const clientData = utf8(JSON.stringify({ type: "webauthn.create", challenge, origin, crossOrigin: false }));
	const clientDataHash = await sha256(clientData);
	const attStmt = new Map<string, Cbor>();
	if (fmt !== "none") attStmt.set("alg", ES256).set("sig", await sign(concat(authData, clientDataHash)));
	if (crl) {
		const of = { point, crl, challenge: clientDataHash, sign };
		// The sender also supplies the root: `android-key` trusts the last certificate as its root.
		attStmt.set("x5c", [await certificate({ ...of, subject: "Some device" }), await certificate({ ...of, subject: ROOT })]);
	}
	const attestationObject = cbor(
		new Map<string, Cbor>([
			["fmt", fmt],
			["attStmt", attStmt],
			["authData", authData],
		]),
	);
	return {
		id: base64url(id),
		rawId: base64url(id),
		type: "public-key",
		clientExtensionResults: {},
		response: { clientDataJSON: base64url(clientData), attestationObject: base64url(attestationObject), transports: ["internal"] },
	};
}

type Cbor = number | string | Bytes | Cbor[] | Map<string | number, Cbor>;

function cbor(value: Cbor): Bytes {
	const head = (major: number, n: number) =>
		n < 24 ? [(major << 5) | n] : n < 256 ? [(major << 5) | 24, n] : [(major << 5) | 25, n >> 8, n & 255];
	if (typeof value === "number") return concat(value < 0 ? head(1, -1 - value) : head(0, value));
	if (typeof value === "string") return concat(head(3, utf8(value).length), utf8(value));
	if (value instanceof Uint8Array) return concat(head(2, value.length), value);
	if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(cbor));
	return concat(head(5, value.size), ...[...value].map(([key, item]) => concat(cbor(key), cbor(item))));
}

function der(tag: number, ...parts: (Bytes | number[])[]): Bytes {
	const content = concat(...parts);
	const { length } = content;
	return concat([tag], length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255], content);
}
const sequence = (...parts: Bytes[]) => der(0x30, ...parts);
const octets = (bytes: Bytes) => der(0x04, bytes);
const bits = (bytes: Bytes) => der(0x03, [0], bytes);

function oid(text: string): Bytes {
	const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
	const base128 = (n: number): number[] => (n < 128 ? [n] : [...base128(n >> 7).map((byte) => byte | 0x80), n & 127]);
	return der(0x06, [first * 40 + second], rest.flatMap(base128));
}

/** Converts WebCrypto's signature, two 32-byte numbers, to the form used by certificates and attestations. */
function derSignature(raw: Bytes): Bytes {
	return sequence(
		...[raw.slice(0, 32), raw.slice(32)].map((half) => {
			const number = half.slice(half.findIndex((byte) => byte > 0));
			return der(0x02, (number[0] ?? 0) > 127 ? [0] : [], number);
		}),
	);
}

interface CertificateOf {
	subject: string;
	point: Bytes;
	crl: string;
	challenge: Bytes;
	sign: (bytes: Bytes) => Promise<Bytes>;
}

/** A certificate from the root that passes the checks of the formats `packed`, `apple` and `android-key` up to its revocation list. */
async function certificate(of: CertificateOf): Promise<Bytes> {
	const attribute = (kind: number, text: string) => der(0x31, sequence(oid(`2.5.4.${kind}`), der(0x13, utf8(text))));
	const named = (common: string) =>
		sequence(attribute(6, "DE"), attribute(10, "Someone"), attribute(11, "Authenticator Attestation"), attribute(3, common));
	const time = (afterMs: number) =>
		der(
			0x17,
			utf8(
				`${new Date(Date.now() + afterMs)
					.toISOString()
					.replace(/[-:T]|\.\d+/g, "")
					.slice(2)}`,
			),
		);
	const ecdsa = sequence(oid("1.2.840.10045.4.3.2"));
	const revocationList = sequence(sequence(der(0xa0, der(0xa0, der(0x86, utf8(of.crl))))));
	// Android's KeyDescription: versions, the challenge, no id, and two empty lists.
	const [number, level, empty] = [der(0x02, [3]), der(0x0a, [1]), sequence()];
	const description = sequence(number, level, number, level, octets(of.challenge), octets(utf8("")), empty, empty);
	const extension = (id: string, value: Bytes) => sequence(oid(id), octets(value));
	const body = sequence(
		der(0xa0, der(0x02, [2])),
		der(0x02, [1]),
		ecdsa,
		named(ROOT),
		sequence(time(-86_400_000), time(86_400_000)),
		named(of.subject),
		sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(of.point)),
		der(0xa3, sequence(extension("2.5.29.31", revocationList), extension("1.3.6.1.4.1.11129.2.1.17", description))),
	);
	return sequence(body, ecdsa, bits(await of.sign(body)));
}
