using System.Text.RegularExpressions;

namespace Armada.Tests.Architecture;

/// <summary>One name, one meaning, in the words of the trade and American spelling.</summary>
public sealed partial class NamingTests
{
    // Private metaphors that a newcomer cannot guess: as a word of any type name.
    private static readonly HashSet<string> ForbiddenWords = new(StringComparer.Ordinal)
    {
        "Door", "Doors", "Party", "Guest", "Desk", "Voice", "Sightings", "Roll", "Roster", "Cell", "Anew", "Nowhere", "Outlet", "Lane", "Handover", "Patience",
        "Trouble", "Moment", "Micros", "Nod", "Limp", "Complaint", "Unfit", "Metronome", "Detour", "Tune", "Tunes", "Foundations", "Picture", "Watcher", "Scene",
        "Stage", "Verdict", "Telling", "Tellings", "Told", "Manager", "Helper", "Util", "Utils",
    };

    // Words that are fine in other names.
    private static readonly HashSet<string> ForbiddenNames = new(StringComparer.Ordinal)
    {
        "Gate", "Pass", "Turn", "Turns", "Life", "Note", "Look", "Follow", "Offer", "Aim", "Steer", "Claim", "Labels", "Beat", "HandOver", "ArmStart", "ServoStart",
        "ArmCondition", "JointHealth", "BusJobs", "RestartPace", "EveryDevice", "OwnDevices", "MakingMark", "ThingNote", "Settle", "Child",
    };

    private static readonly Regex British = new(
        @"\b(?:colour|behaviour|neighbour|favour|honour|licence|centre|metre|grey|catalogue|artefact|judgement|defence|whilst|programme|enrols?|enrolment|fulfil|analyse|"
        + @"cancelled|cancelling|modelled|modelling|labelled|labelling|travelled|travelling|signalled|signalling|dialled|dialling|"
        + @"(?:un|re|de)?(?:synchron|author|initial|serial|recogn|organ|normal|optim|minim|maxim|util|final|custom|priorit|summar|visual|general|special|central|local)is(?:e|es|ed|er|ing|ation))\b",
        RegexOptions.IgnoreCase);

    [Fact]
    public void Type_names_have_no_private_metaphors()
    {
        var found = Repository.TopLevelTypes.Select(type => type.Key.Name)
            .Where(name => ForbiddenNames.Contains(name) || Word().Matches(name).Any(word => ForbiddenWords.Contains(word.Value)));
        Repository.AssertNone(found);
    }

    [Fact]
    public void No_two_types_of_the_product_share_a_name()
    {
        var shared = Repository.TopLevelTypes.Select(type => type.Key)
            .GroupBy(type => type.Name, type => type.Namespace)
            .Where(type => type.Count() > 1 && type.Key != "Program" && !Outstanding.SharedNames.Contains(type.Key))
            .Select(type => $"{type.Key}: {string.Join(", ", type)}");
        Repository.AssertNone(shared);
    }

    [Fact]
    public void Sources_and_pages_are_spelled_as_Americans_spell()
    {
        var found = Repository.Sources.Concat(Repository.Pages)
            .Where(file => Path.GetFileName(file.Path) != $"{nameof(NamingTests)}.cs")
            .SelectMany(file => British.Matches(file.Text).Select(word => $"{file}: {word.Value}"))
            .Distinct();
        Repository.AssertNone(found);
    }

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
