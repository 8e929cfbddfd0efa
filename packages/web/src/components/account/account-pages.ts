/** The sub-pages of the account, in the order in which they are listed, and whether a guest has them too. */
export const ACCOUNT_PAGES = [
	{ to: "/account/usage", label: "Usage", forGuests: false },
	{ to: "/account/plan", label: "Plan and billing", forGuests: false },
	{ to: "/account/organization", label: "Organization", forGuests: false },
	{ to: "/account/profile", label: "Profile and security", forGuests: false },
	{ to: "/account/appearance", label: "Appearance", forGuests: true },
	{ to: "/account/data", label: "Data", forGuests: true },
] as const;
