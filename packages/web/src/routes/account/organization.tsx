import { createFileRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { KeysSection } from "../../components/account/keys-section.tsx";
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
		const { organizations, keys } = Route.useLoaderData();
		async function onPayerChanged() {
			tellTabs("billing", "payer");
			await router.invalidate({ sync: true });
		}
		return (
			<>
				<OrganizationSection
					organizations={organizations}
					usage={account.useLoaderData().usage}
					onChanged={() => router.invalidate({ sync: true })}
					onPayerChanged={onPayerChanged}
				/>
				{organizations.shown && (
					<KeysSection
						key={organizations.shown.id}
						keys={keys}
						organization={organizations.shown}
						onChanged={() => router.invalidate({ sync: true })}
					/>
				)}
			</>
		);
	},
});
