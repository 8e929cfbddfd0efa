import crypto from "node:crypto";

// The tests create hundreds of accounts, and scrypt took half of their CPU time. Here the built Worker hashes with a low cost; password.test.ts checks
// the cost of a real hash.
const { scrypt } = crypto;
const quick = (
	password: string,
	salt: string,
	length: number,
	options: crypto.ScryptOptions,
	done: (error: Error | null, key: Buffer) => void,
) => scrypt(password, salt, length, { ...options, N: 2, r: 1 }, done);
crypto.scrypt = quick as typeof scrypt;
