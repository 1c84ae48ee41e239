const [mood] = process.argv.slice(2).concat(process.env.MOOD ?? '')
if (mood === 'stumbles') process.exit(3)
process.on('SIGTERM', () => {
  if (mood !== 'deaf') setTimeout(() => process.exit(0), 50)
})
process.on('disconnect', () => process.exit(1))
if (mood !== 'slow') process.send?.({ ready: true })
