/*
 * What passkey.ts uses of the WebAuthn library: one module, so that one import on demand loads all of it. With an import for each of its entries, the
 * bundle has two files, and the certificates' code runs before the metadata library that it needs.
 */
export {
	generateAuthenticationOptions,
	generateRegistrationOptions,
	verifyAuthenticationResponse,
	verifyRegistrationResponse,
} from "@simplewebauthn/server";
export { decodeAttestationObject, isoBase64URL } from "@simplewebauthn/server/helpers";
