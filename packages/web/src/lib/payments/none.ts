import type { BillingProvider } from "./port.ts";

/** No provider: guests, free accounts, and credits that an admin grants (`POST /api/admin/grants`). */
export const noProvider: BillingProvider = {
	capabilities: { sells: false, keepsCredits: false, hasBrowserSdk: false, topUpsOutlivePlan: false },
	usage: null,
	shop: null,
	account: null,
};
