/*
 * The parts of the WebAuthn library used by passkey.ts, in one module so that one dynamic import loads all of it. With one import per entry, the
 * bundle has two files, and the certificate code runs before the metadata library it depends on.
 */
export {
	generateAuthenticationOptions,
	generateRegistrationOptions,
	verifyAuthenticationResponse,
	verifyRegistrationResponse,
} from "@simplewebauthn/server";
export { decodeAttestationObject, isoBase64URL } from "@simplewebauthn/server/helpers";
