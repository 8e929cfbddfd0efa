import type { BillingProvider } from "../port.ts";
import { stripeAccount } from "./account.ts";
import { capabilities } from "./settings.ts";
import { stripeShop } from "./shop.ts";
import { stripeUsage } from "./usage.ts";

export { returnFromPortal } from "./portal.ts";
export { readReturn } from "./shop.ts";

export const stripeProvider: BillingProvider = { capabilities, usage: stripeUsage, shop: stripeShop, account: stripeAccount };
