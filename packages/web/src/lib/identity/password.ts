import crypto, { randomBytes, timingSafeEqual } from "node:crypto";

/** better-auth's own parameters, run natively: its JavaScript scrypt exceeds the CPU time of a Worker request. */
const SCRYPT = { N: 16_384, r: 16, p: 1, keyLength: 64, maxmem: 64 * 1024 * 1024 };

/** A password's salted scrypt hash: `<salt>:<key>`, both hex. */
export async function hashPassword(password: string): Promise<string> {
	const salt = randomBytes(16).toString("hex");
	return `${salt}:${(await derive(password, salt)).toString("hex")}`;
}

/** Whether a password matches a hash by `hashPassword`. Compares in constant time. */
export async function verifyPassword({ hash, password }: { hash: string; password: string }): Promise<boolean> {
	const [salt, key] = hash.split(":");
	if (!salt || !key) return false;
	const expected = Buffer.from(key, "hex");
	const actual = await derive(password, salt);
	return expected.length === actual.length && timingSafeEqual(expected, actual);
}

// Called through the module's object, so that the Worker tests can replace it (tests/quick-passwords.ts).
function derive(password: string, salt: string): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		crypto.scrypt(password.normalize("NFKC"), salt, SCRYPT.keyLength, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
	});
}
