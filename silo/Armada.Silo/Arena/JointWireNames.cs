using System.Collections.Immutable;

namespace Armada.Silo.Arena;

internal static class JointWireNames
{
    public static string[] Of(RobotModel model, ImmutableArray<JointMapping> mappings, bool canonical = false)
    {
        var names = new string[model.Joints.Length];
        for (var joint = 0; joint < names.Length; joint++)
            names[joint] = canonical ? model.Joints[joint].Name : JointNames.ArenaOf(model.Joints[joint].Name);
        foreach (var mapping in mappings)
        {
            if (mapping.Name is { } own && model.Find(mapping.Joint) is var joint and >= 0)
                names[joint] = own;
        }

        return names;
    }
}
