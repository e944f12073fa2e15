namespace Armada.Devices.Arms;

/// <summary>A set of joints of one arm, by index.</summary>
/// <param name="Bits">Bit i for joint i.</param>
public readonly record struct JointSet(uint Bits)
{
    /// <summary>Whether no joint is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>Whether a joint is in it.</summary>
    public bool Contains(int joint) => (Bits & (1u << joint)) != 0;

    /// <summary>The set with one joint more.</summary>
    public JointSet With(int joint) => new(Bits | (1u << joint));

    /// <summary>The joints of either.</summary>
    public JointSet Union(JointSet other) => new(Bits | other.Bits);

    /// <summary>The names, with a comma between.</summary>
    public override string ToString()
    {
        var set = this;
        return string.Join(", ", ArmJoint.All.Where((_, joint) => set.Contains(joint)).Select(joint => joint.Name));
    }
}
