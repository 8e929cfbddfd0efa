import { t } from "../../text/text.ts";

/** The account pages in navigation order, and whether guests have them too. */
export const ACCOUNT_PAGES = [
	{ to: "/account/usage", label: () => t("settings_usage"), forGuests: false },
	{ to: "/account/plan", label: () => t("settings_plan"), forGuests: false },
	{ to: "/account/organization", label: () => t("settings_organization"), forGuests: false },
	{ to: "/account/keys", label: () => t("settings_keys"), forGuests: false },
	{ to: "/account/profile", label: () => t("settings_profile"), forGuests: false },
	{ to: "/account/appearance", label: () => t("frame_appearance"), forGuests: true },
	{ to: "/account/data", label: () => t("settings_data"), forGuests: true },
] as const;
