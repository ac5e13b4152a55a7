// Stands in for modules that a bundled package could load but that nothing of ours makes it use.
module.exports = {}
