import type { BillingProvider } from "../port.ts";
import { flowgladAccount } from "./account.ts";
import { capabilities } from "./settings.ts";
import { flowgladShop } from "./shop.ts";
import { flowgladUsage } from "./usage.ts";

export const flowgladProvider: BillingProvider = {
	capabilities,
	usage: flowgladUsage,
	shop: flowgladShop,
	account: flowgladAccount,
};
