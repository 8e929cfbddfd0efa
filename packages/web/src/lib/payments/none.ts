import type { BillingProvider } from "./port.ts";

/** No provider: only guests, free accounts, and credits granted by an admin (`POST /api/admin/grants`). */
export const noProvider: BillingProvider = {
	capabilities: { sells: false, keepsCredits: false, hasBrowserSdk: false, topUpsOutlivePlan: false },
	usage: null,
	shop: null,
	account: null,
};
