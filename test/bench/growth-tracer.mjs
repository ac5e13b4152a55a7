export async function benchTracerGrowth() {}
