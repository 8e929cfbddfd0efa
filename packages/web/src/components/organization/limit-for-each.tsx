import type { OrganizationView } from "../../view/identity.ts";
import { FieldForm, type Outcome } from "./field-form.tsx";
import { limitEachMember, thenReload } from "./organization-requests.ts";

interface LimitForEachProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

const limitMax = 1_000_000;

/** How many requests each member may make in a billing period. Without a number, the default binds plain members. */
export function LimitForEach({ organization: { id, requestsPerMember }, onChanged }: LimitForEachProps) {
	async function save(text: string): Promise<Outcome> {
		const limit = text === "" ? null : Number(text);
		if (limit !== null && !(Number.isInteger(limit) && limit >= 1 && limit <= limitMax))
			return { problem: `Enter a whole number from 1 to ${limitMax}, or leave it blank.` };
		const problem = await thenReload(limitEachMember(id, limit), onChanged);
		if (problem) return { problem };
		if (limit === null) return { done: "Saved: a fifth of the plan for each member, per billing period." };
		return { done: `Saved: ${limit} for each member, per billing period.` };
	}
	return (
		<FieldForm
			label="Limit per member"
			hint="Per billing period. Leave blank for a fifth of the plan for members, and no individual limit for owners and admins."
			input={{ type: "text", inputMode: "numeric", autoComplete: "off", defaultValue: requestsPerMember ?? "" }}
			action="Save"
			onSubmit={save}
		/>
	);
}
