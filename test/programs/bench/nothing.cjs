// What a process costs that does nothing.
module.exports = null
