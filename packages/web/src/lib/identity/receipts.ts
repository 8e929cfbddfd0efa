import { logFailure } from "../../log.ts";
import { getCustomerDetails } from "../payments/customers.ts";
import { billingProvider } from "../payments/provider.ts";

/** Tells the billing provider the new receipt address of customers, given by user or organization id. Never rejects. */
export async function redirectReceipts(customers: readonly string[]): Promise<void> {
	for (const id of customers) {
		try {
			const { shop } = await billingProvider();
			await shop?.changeDetails({ id, ...(await getCustomerDetails(id)) });
		} catch (error) {
			logFailure(`the billing provider could not be told the new address of customer ${id}`, error);
		}
	}
}
