import type { BillingProvider } from "../billing.ts";

const notConfigured = () => Promise.reject(new Error("Billing not configured"));

/** Nobody sells anything: guests and free accounts, and what an admin grants (POST /api/admin/grants). */
export const noBilling: BillingProvider = {
	forgetsReportsAfterMs: null,
	welcome: async () => {},
	ensureCustomer: notConfigured,
	readEntitlement: async (_externalId, fetchedAtMs) => ({ entitlement: { kind: "none", fetchedAtMs }, creditsBought: 0 }),
	readOffer: async () => [],
	readBilling: async () => ({
		customerId: null,
		offers: [],
		creditsBought: 0,
		plans: [],
		waiting: null,
		paymentMethods: [],
		invoices: [],
		portalUrl: null,
		topUpsOutlivePlan: false,
	}),
	createCheckout: notConfigured,
	readCheckout: async () => null,
	closeCheckout: notConfigured,
	addPaymentMethod: notConfigured,
	openPortal: async () => null,
	cancel: notConfigured,
	uncancel: notConfigured,
	change: notConfigured,
	// What is still owed from another time waits: another provider's subscription is none of anyone's here.
	reportUsage: notConfigured,
	reportOne: notConfigured,
	unitsReported: notConfigured,
	readWebhook: async () => null,
};
