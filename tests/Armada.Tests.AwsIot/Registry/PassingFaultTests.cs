using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

/// <summary>One call of a deed fails in passing; the deed is done all the same, and nothing is done twice.</summary>
[Collection(MotoTests.Name)]
public sealed class PassingFaultTests(MotoServer moto)
{
    private const int MostCalls = 60;

    public static TheoryData<string, Fate> Faults()
    {
        var faults = new TheoryData<string, Fate>();
        foreach (var deed in RegistryDeed.All.Keys)
        {
            foreach (var fate in (Fate[])[Fate.Throttled, Fate.CutAfterwards])
                faults.Add(deed, fate);
        }

        return faults;
    }

    [SkippableTheory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_in_passing_changes_nothing(string name, Fate fate)
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        var deed = RegistryDeed.All[name];
        for (var faulty = 1; faulty <= MostCalls; faulty++)
        {
            await using var rig = new AwsRig(moto, logs);
            var client = await deed.Prepare(rig.Registry);
            rig.Way.Set(call => call == faulty ? fate : Fate.Passes);
            var answer = await deed.Do(rig.Registry, client);
            Assert.Null(answer.Refused);
            if (rig.Way.Calls < faulty)
                return;
            await rig.View.IsWhatSaysAsync(rig.Registry, $"'{name}' with a fault at call {faulty}");
        }

        Assert.Fail($"'{name}' has more than {MostCalls} calls");
    }
}
