/** Ways in which a signed-in user can prove their identity again. */
export type ProofWay = "password" | "passkey" | "mail";

/** The header of a refusal that requires such a proof: the account's available ways, separated by commas. */
export const PROOF_HEADER = "parley-proof";
