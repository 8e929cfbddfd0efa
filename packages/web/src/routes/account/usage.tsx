import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { UsageSection } from "../../components/account/usage-section.tsx";
import { loadUsageHistory } from "../../lib/http/other-pages.ts";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/usage")({
	loader: () => loadUsageHistory(),
	component: function UsagePage() {
		const { models, usage } = account.useLoaderData();
		return <UsageSection history={Route.useLoaderData()} models={models} usage={usage} />;
	},
});
