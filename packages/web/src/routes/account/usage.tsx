import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { UsageMails } from "../../components/account/usage-mails.tsx";
import { UsageSection } from "../../components/account/usage-section.tsx";
import { loadTellsUsage, loadUsageHistory } from "../../lib/http/other-pages.ts";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/usage")({
	loader: async () => {
		const [history, tellsUsage] = await Promise.all([loadUsageHistory(), loadTellsUsage()]);
		return { history, tellsUsage };
	},
	component: function UsagePage() {
		const { models, usage, viewer } = account.useLoaderData();
		const { history, tellsUsage } = Route.useLoaderData();
		return (
			<>
				<UsageSection history={history} models={models} usage={usage} />
				{viewer.kind === "user" && <UsageMails tellsUsage={tellsUsage ?? usage.tier === "paid"} />}
			</>
		);
	},
});
