import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { ProfileSection } from "../../components/account/profile-section.tsx";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/profile")({
	component: function ProfilePage() {
		const { viewer } = account.useLoaderData();
		return viewer.kind === "user" && <ProfileSection viewer={viewer} />;
	},
});
