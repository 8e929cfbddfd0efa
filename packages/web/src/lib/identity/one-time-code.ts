import { createHmac } from "node:crypto";

/** How long an authenticator app shows a code, in seconds (RFC 6238). */
const STEP_SECONDS = 30;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The time step of an instant. @param ms epoch milliseconds */
export const stepAt = (ms: number): number => Math.floor(ms / 1000 / STEP_SECONDS);

/** The six digits an app shows in a time step (RFC 6238 with HMAC-SHA-1, the only variant all apps support). */
export function codeAt(secret: Uint8Array, step: number): string {
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(step));
	const digest = createHmac("sha1", secret).update(counter).digest();
	const offset = (digest.at(-1) ?? 0) & 15;
	return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The time step of a code, or null. Clocks may differ by one step. Steps up to `lastStep` are used up. */
export function acceptedStep(secret: Uint8Array, code: string, nowMs: number, lastStep: number): number | null {
	const here = stepAt(nowMs);
	return [here, here - 1, here + 1].find((step) => step > lastStep && codeAt(secret, step) === code) ?? null;
}

/** A secret in the form people type into an app (RFC 4648, without padding). */
export function base32(bytes: Uint8Array): string {
	const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
	return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}
