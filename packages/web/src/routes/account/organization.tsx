import { createFileRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { OrganizationSection } from "../../components/organization/organization-section.tsx";
import { tellTabs } from "../../components/tabs.ts";
import { loadOrganizations } from "../../lib/http/other-pages.ts";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/organization")({
	validateSearch: ({ show }): { show?: string } => (typeof show === "string" ? { show } : {}),
	loaderDeps: ({ search: { show } }) => ({ show }),
	loader: ({ deps: { show } }) => loadOrganizations({ data: show }),
	component: function OrganizationPage() {
		const router = useRouter();
		async function onPayerChanged() {
			tellTabs("billing", "payer");
			await router.invalidate({ sync: true });
		}
		return (
			<OrganizationSection
				organizations={Route.useLoaderData()}
				usage={account.useLoaderData().usage}
				onChanged={() => router.invalidate({ sync: true })}
				onPayerChanged={onPayerChanged}
			/>
		);
	},
});
