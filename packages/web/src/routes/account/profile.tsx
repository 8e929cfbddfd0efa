import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { PasskeysSection } from "../../components/account/passkeys-section.tsx";
import { ProfileSection } from "../../components/account/profile-section.tsx";
import { ProvidersSection } from "../../components/account/providers-section.tsx";
import { SecondFactorSection } from "../../components/account/second-factor-section.tsx";
import { SessionsSection } from "../../components/account/sessions-section.tsx";
import { loadSecurity } from "../../lib/http/sign-in-pages.ts";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/profile")({
	loader: () => loadSecurity(),
	// Sessions and passkeys ended elsewhere must show here.
	gcTime: 0,
	component: function ProfilePage() {
		const { viewer } = account.useLoaderData();
		const security = Route.useLoaderData();
		if (viewer.kind !== "user" || !security) return null;
		const { hasPassword, passkeys, recoveryLeft, providers, sessions } = security;
		return (
			<>
				<ProfileSection viewer={viewer} hasPassword={hasPassword} />
				<PasskeysSection passkeys={passkeys} isConfirmed={viewer.emailVerified} />
				<SecondFactorSection recoveryLeft={recoveryLeft} isConfirmed={viewer.emailVerified} />
				<ProvidersSection providers={providers} />
				<SessionsSection sessions={sessions} />
			</>
		);
	},
});
