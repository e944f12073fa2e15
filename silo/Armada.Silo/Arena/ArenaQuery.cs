using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Armada.Core.Topics;

namespace Armada.Silo.Arena;

/// <summary>What a client says in its address when it connects.</summary>
/// <param name="Name">Its name among the robot's parties and slaves.</param>
/// <param name="Canonical">Whether it is told LeRobot's joint names instead of Arena's.</param>
/// <param name="Takeover">Whether its first command takes another master's place.</param>
internal sealed record ArenaQuery(string Name, bool Canonical, bool Takeover)
{
    public static readonly string[] Members = ["name", "names", "takeover"];

    private const int ChosenDigits = 8;

    /// <summary>Reads name, names and takeover; a client without a name gets one, such as master-1f09c3aa.</summary>
    /// <param name="query">The address's query.</param>
    /// <param name="kind">Beginning of a name that is chosen here.</param>
    /// <param name="read">What it says.</param>
    /// <param name="problem">What is wrong with it, in words.</param>
    public static bool TryRead(
        IQueryCollection query, string kind, [NotNullWhen(true)] out ArenaQuery? read, [NotNullWhen(false)] out string? problem)
    {
        var name = query["name"].ToString();
        var names = query["names"].ToString();
        var takeover = query["takeover"].ToString();
        problem = name.Length > 0 && !DeviceName.IsValid(name)
                ? $"name must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit"
            : names is not ("" or "arena" or "lerobot") ? "names must be arena or lerobot"
            : takeover is not ("" or "true" or "false") ? "takeover must be true or false"
            : null;
        read = problem is not null
            ? null
            : new ArenaQuery(
                name.Length > 0 ? name : $"{kind}-{RandomNumberGenerator.GetHexString(ChosenDigits, lowercase: true)}",
                names == "lerobot",
                takeover == "true");
        return read is not null;
    }
}
