export async function benchSessionsGrowth() {}
