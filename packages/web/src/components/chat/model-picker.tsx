import type { ModelOption } from "../../view/chat.ts";

interface ModelPickerProps {
	models: ModelOption[];
	model: string | undefined;
	onModel: (id: string) => void;
}

/** Selects the model, and shows its price unless it is one request. */
export function ModelPicker({ models, model, onModel }: ModelPickerProps) {
	return (
		<select
			aria-label="Model"
			className="button-bare -ml-2 max-w-48 truncate text-small"
			value={model}
			onChange={(event) => onModel(event.target.value)}
		>
			{models.map(({ id, label, weight }) => (
				<option key={id} value={id}>
					{weight === 1 ? label : `${label} · ${weight} requests each`}
				</option>
			))}
		</select>
	);
}
