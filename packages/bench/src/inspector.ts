/**
 * Memory of a Worker's isolate after a garbage collection, in MiB, read through V8's inspector. The platform's limit applies to the
 * isolate; the process also holds the runtime's own memory for each object.
 * @param inspector the address of workerd's inspector
 */
export async function isolateMiB(inspector: URL | null): Promise<number> {
	if (!inspector) throw new Error("the Worker was started without an inspector");
	const targets: { id: string; webSocketDebuggerUrl: string }[] = await (await fetch(`http://${inspector.host}/json`)).json();
	const target = targets.find(({ id }) => id === "core:user:parley");
	if (!target) throw new Error("workerd's inspector does not know the Worker");
	const socket = new WebSocket(target.webSocketDebuggerUrl);
	await new Promise((resolve, reject) => {
		socket.onopen = resolve;
		socket.onerror = reject;
	});
	const call = (id: number, method: string) =>
		new Promise<Record<string, number>>((resolve, reject) => {
			socket.addEventListener("message", ({ data }) => {
				const answer = JSON.parse(data);
				if (answer.id === id) answer.error ? reject(new Error(`${method}: ${data}`)) : resolve(answer.result);
			});
			socket.send(JSON.stringify({ id, method }));
		});
	try {
		// A snapshot starts with a full collection. workerd never answers HeapProfiler.collectGarbage.
		await call(1, "HeapProfiler.takeHeapSnapshot");
		const { usedSize = 0, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await call(2, "Runtime.getHeapUsage");
		if (usedSize === 0) throw new Error("workerd's inspector knows no heap");
		return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1024 ** 2;
	} finally {
		socket.close();
	}
}
