// Each test has a broker, a silo, two agents and two arms to itself; on two cores one such fleet at a time is enough.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
