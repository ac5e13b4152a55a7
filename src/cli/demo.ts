export async function demo(_: object, __: object): Promise<number> {
  return 1
}
