// Silos, brokers and arms are real here; on two cores one cluster at a time is enough.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
