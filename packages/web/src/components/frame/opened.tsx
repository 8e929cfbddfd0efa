import { type ComponentType, useEffect, useEffectEvent, useState } from "react";

/**
 * A menu or dialog loaded when it is first opened. Without a connection it does not open, and the next press retries. `load` preloads it when the
 * pointer or the focus comes near.
 */
export function opened<Props extends { onClose: () => void }>(load: () => Promise<ComponentType<Props>>) {
	let Loaded: ComponentType<Props> | undefined;
	const loading = async () => {
		Loaded ??= await load();
		return Loaded;
	};

	function Opened(props: Props) {
		const [Part, setPart] = useState(() => Loaded);
		const fail = useEffectEvent(() => props.onClose());
		useEffect(() => {
			loading().then((part) => setPart(() => part), fail);
		}, []);
		return Part && <Part {...props} />;
	}

	return Object.assign(Opened, { load: () => loading().catch(() => undefined) });
}
