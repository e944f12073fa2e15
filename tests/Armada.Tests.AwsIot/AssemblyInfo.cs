// All tests share one emulated account.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
