using System.Collections.Immutable;
using Armada.Core.Motions;
using Orleans.Concurrency;

namespace Armada.Grains.Sequences;

/// <summary>The directory of all stored sequences. There is one, under <see cref="Key"/>.</summary>
[GrainInterfaceType("armada.sequence-index"), Alias("armada.sequence-index")]
public interface ISequenceIndexGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "sequences";

    /// <summary>The ids of all, ordered; of one that could not be stored the id may be left over.</summary>
    [Alias("list"), AlwaysInterleave]
    Task<ImmutableArray<string>> ListAsync();

    /// <summary>Lists a sequence that is about to be stored; refused where there is no room.</summary>
    [Alias("register")]
    Task<SequenceAnswer> RegisterAsync(string id);

    /// <summary>Lists a sequence no more.</summary>
    [Alias("forget")]
    Task ForgetAsync(string id);
}
