/** How someone who is signed in can prove again that it is still them. */
export type ProofWay = "password" | "passkey" | "mail";

/** The header of a refusal that asks for such a proof: the ways that the account has, separated by commas. */
export const PROOF_HEADER = "parley-proof";
