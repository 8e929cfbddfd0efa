import { createFileRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { PlanPage } from "../../components/account/plan-page.tsx";
import { tellTabs } from "../../components/tabs.ts";
import { loadPricing } from "../../lib/http/other-pages.ts";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/plan")({
	loader: () => loadPricing(),
	component: function Plan() {
		const router = useRouter();
		function onChanged(change: "plan" | "payer") {
			tellTabs("billing", change);
			return router.invalidate();
		}
		return <PlanPage shell={account.useLoaderData()} pricing={Route.useLoaderData()} onChanged={onChanged} />;
	},
});
